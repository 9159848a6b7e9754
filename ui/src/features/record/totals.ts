import type { Line } from '../../api/invoices';

/** A decimal in text as a whole number scaled by ten to the places, or null. */
export function scaled(text: string, places: number): bigint | null {
  const match = /^(-?)(\d{1,12})(?:[.,](\d*))?$/.exec(text.trim().replace(/[\s\u00a0]/g, ''));
  const part = (match?.[3] ?? '').replace(/0+$/, '');
  if (!match || part.length > places) return null;
  const whole = BigInt((match[2] ?? '0') + part.padEnd(places, '0'));
  return match[1] ? -whole : whole;
}

/** a times b divided by c, half away from zero, as the server rounds. */
function rounded(a: bigint, b: bigint, c: bigint): bigint {
  const product = a * b;
  return (product + (product < 0n ? -c : c) / 2n) / c;
}

/** What lines come to while they are typed, in hundredths; lines that are not whole yet count nothing. */
export function totals(lines: Line[]): { net: bigint; vat: bigint; gross: bigint } {
  const byRate = new Map<bigint, bigint>();
  let net = 0n;
  for (const line of lines) {
    const quantity = scaled(line.quantity, 6);
    const price = scaled(line.price, 2);
    if (quantity === null || price === null) continue;
    const sum = rounded(quantity, price, 1_000_000n);
    net += sum;
    const rate = line.vat ? scaled(line.vat, 2) : null;
    if (rate !== null) byRate.set(rate, (byRate.get(rate) ?? 0n) + sum);
  }
  let vat = 0n;
  for (const [rate, sum] of byRate) vat += rounded(sum, rate, 10_000n);
  return { net, vat, gross: net + vat };
}

/** Hundredths as a decimal in text. */
export const decimal = (n: bigint) =>
  `${n < 0n ? '-' : ''}${(n < 0n ? -n : n) / 100n}.${String((n < 0n ? -n : n) % 100n).padStart(2, '0')}`;
