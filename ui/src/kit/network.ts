// Addresses and networks as numbers, to warn before somebody locks themselves
// out. The server decides; this only spares a way there and back.

interface Address {
  bits: 32 | 128;
  value: bigint;
}

function four(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return null;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function six(text: string): bigint | null {
  let words = text;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail) {
    const low = four(tail[2] ?? '');
    if (low === null) return null;
    words = `${tail[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  }
  const [head, rest, more] = words.split('::');
  if (more !== undefined || head === undefined) return null;
  const left = head === '' ? [] : head.split(':');
  const right = rest === undefined || rest === '' ? [] : rest.split(':');
  const gap = 8 - left.length - right.length;
  if (rest === undefined ? gap !== 0 : gap < 1) return null;
  const all = [...left, ...Array<string>(gap).fill('0'), ...right];
  if (all.some((word) => !/^[0-9a-f]{1,4}$/i.test(word))) return null;
  return all.reduce((sum, word) => sum * 65536n + BigInt(`0x${word}`), 0n);
}

/** An address; IPv4 that is written as IPv6 is IPv4. */
function address(text: string): Address | null {
  const short = four(text);
  if (short !== null) return { bits: 32, value: short };
  const long = six(text);
  if (long === null) return null;
  if (long >> 32n === 0xffffn) return { bits: 32, value: long & 0xffffffffn };
  return { bits: 128, value: long };
}

/** Whether the network, an address or a prefix, can be read and holds the address. */
export function contains(network: string, of: string): boolean {
  const [base, length, more] = network.trim().split('/');
  const mine = address(base ?? '');
  const theirs = address(of);
  if (!mine || !theirs || more !== undefined || mine.bits !== theirs.bits) return false;
  if (length === undefined) return mine.value === theirs.value;
  if (!/^\d{1,3}$/.test(length)) return false;
  const kept = Number(length) - (mine.bits === 32 && (base ?? '').includes(':') ? 96 : 0);
  if (kept < 0 || kept > mine.bits) return false;
  const drop = BigInt(mine.bits - kept);
  return mine.value >> drop === theirs.value >> drop;
}

/** Whether a text can be read as an address or a network. */
export function readable(network: string): boolean {
  const base = network.trim().split('/')[0] ?? '';
  const zero = address(base);
  return zero !== null && (contains(network, base) || network.trim() === base);
}
