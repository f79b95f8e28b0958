// What an image says about itself, in words: the names that the service reads from the formats.

import { number, words } from './format.js';
import { code } from './ui.js';

const names = {
  version: 'Its own version', project: 'Project', chip: 'Chip', idfVersion: 'ESP-IDF', compiledDate: 'Compiled on',
  compiledTime: 'Compiled at', elfSha256: 'SHA-256 of the ELF file', securityCounter: 'Security counter',
  digest: 'Digest in the image',
  encrypted: 'Encrypted', bootable: 'Can be booted', compression: 'Compression', decompressedSize: 'Size when decompressed',
  keyHash: 'Hash of its own key', signature: 'Its own signature', name: 'Name', description: 'Description',
  arch: 'Architecture', hardwareCompatibility: 'Hardware', boards: 'Boards', compatible: 'Compatible with', build: 'Build',
  bundleFormat: 'Form of the bundle',
  images: 'Images', base: 'Begins at', length: 'Length', family: 'Family', familyId: 'Family id', device: 'Device',
  container: 'Container', artifactFormat: 'Form of the artifact', deviceTypes: 'Device types', timestamp: 'Made',
  vendorId: 'Vendor id', productId: 'Product id', deviceId: 'Device id', loadAddress: 'Loaded at', entryPoint: 'Starts at',
};

/** Pairs for `facts`, the ones with a known name first. */
export function detailFacts(details) {
  const known = Object.keys(names).filter((name) => name in details);
  const others = Object.keys(details).filter((name) => !(name in names)).sort();
  return [...known, ...others].map((name) => [names[name] ?? sentence(words(name)), value(name, details[name])]);
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function value(name, text) {
  if (text === 'true') return 'yes';
  if (text === 'false') return 'no';
  if ((name === 'length' || name === 'decompressedSize') && /^\d+$/.test(text)) return `${number(Number(text))} bytes`;
  return /^(0x)?[0-9a-f]{8,}$/i.test(text) || text.startsWith('0x') ? code(text) : text;
}
