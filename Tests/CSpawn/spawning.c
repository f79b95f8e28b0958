#define _GNU_SOURCE
#include "spawning.h"

int firmament_spawn_apart(posix_spawn_file_actions_t *actions, const char *folder, int first) {
  int problem = posix_spawn_file_actions_addclosefrom_np(actions, first);
  if (problem == 0 && folder) problem = posix_spawn_file_actions_addchdir_np(actions, folder);
  return problem;
}
