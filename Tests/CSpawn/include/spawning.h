#pragma once

#include <spawn.h>

/// Has a program work in another folder, and have no files open from the given number on: posix_spawn_file_actions_addchdir_np
/// and posix_spawn_file_actions_addclosefrom_np (glibc 2.34), which Swift's module of glibc leaves out.
///
/// - folder: may be NULL.
/// - Returns: 0, or the number of the error.
int firmament_spawn_apart(posix_spawn_file_actions_t *actions, const char *folder, int first);
