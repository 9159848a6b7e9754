import { useMemo } from 'react';
import { encode } from 'uqr';

/**
 * A text for a camera, drawn here: it leaves the page for nowhere. Dark on light
 * in either scheme, as cameras want it.
 */
export function QR({ text, label, size = 176 }: { text: string; label: string; size?: number }) {
  const { path, width } = useMemo(() => {
    const code = encode(text, { ecc: 'M', border: 2 });
    let path = '';
    code.data.forEach((row, y) => {
      row.forEach((dark, x) => {
        if (dark) path += `M${x} ${y}h1v1h-1z`;
      });
    });
    return { path, width: code.size };
  }, [text]);
  return (
    <svg
      role="img"
      aria-label={label}
      width={size}
      height={size}
      viewBox={`0 0 ${width} ${width}`}
      shapeRendering="crispEdges"
    >
      <title>{label}</title>
      <rect width={width} height={width} fill="#fff" rx={1} />
      <path d={path} fill="#111" />
    </svg>
  );
}
