// Signed manifests (DSSE envelopes) as people read them: what they say, and who signed it. Nothing is verified here; the
// service does that.

import { all, path } from './api.js';
import { bytes, instant, number } from './format.js';
import { badge, code, h } from './ui.js';

const payloadType = 'application/vnd.firmament.manifest+json';

/**
 * Reads an envelope.
 * @returns `{envelope, manifest, keyId}`.
 * @throws an Error that says what it is instead.
 */
export function readEnvelope(text) {
  let envelope;
  try { envelope = JSON.parse(text); } catch { throw new Error('This file is no JSON: a signed manifest is a DSSE envelope.'); }
  if (envelope?.payloadType !== payloadType || typeof envelope.payload !== 'string') {
    throw new Error(`This file is no signed manifest: it has no payload of the type ${payloadType}.`);
  }
  const keyId = envelope.signatures?.[0]?.keyid;
  if (!keyId) throw new Error('This manifest is not signed.');
  let manifest;
  try {
    const payload = Uint8Array.from(atob(envelope.payload), (character) => character.charCodeAt(0));
    manifest = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch { throw new Error('The payload of this manifest cannot be read.'); }
  return { envelope, manifest, keyId };
}

/** What a manifest says, as pairs for `facts`. */
export const manifestFacts = (manifest) => [
  ['Model', manifest.model], ['MCU', manifest.mcu], ['Version', manifest.version], ['Sequence', code(manifest.sequence)],
  ['Size', sizeText(manifest.size)], ['SHA-256', code(manifest.sha256)],
  ['Requires', manifest.requires && code(manifest.requires)], ['Signed', instant(manifest.createdAt)],
];

export const sizeText = (size) => (size < 1024 ? `${number(size)} bytes` : `${bytes(size)} (${number(size)} bytes)`);

/** The keys that a model trusts, or trusted, by id. */
export const keysOf = async (model) => new Map((await all(path`/models/${model}/keys`, 'keys')).map((key) => [key.id, key]));

/** A key by its name where it has one, else by how its id starts; and whether it is trusted. */
export const keyText = (id, key) => h('span', { title: id }, key?.name ?? code(id.slice(0, 12)), ' ', trust(key));

export const trust = (key) => {
  if (!key) return badge('failed', 'not trusted');
  return key.revokedAt ? badge('failed', 'revoked') : badge('passed', 'trusted');
};
