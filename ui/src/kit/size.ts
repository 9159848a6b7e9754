import { writing } from '../text';

/** How large a file is, in the words of the reader's language. */
export function sizeText(bytes: number): string {
  const [unit, count] =
    bytes >= 1 << 20
      ? (['megabyte', bytes / (1 << 20)] as const)
      : (['kilobyte', Math.max(1, bytes / 1024)] as const);
  return new Intl.NumberFormat(writing(), {
    style: 'unit',
    unit,
    maximumFractionDigits: count < 10 && unit === 'megabyte' ? 1 : 0,
  }).format(count);
}
