import classes from './avatar.module.css';

const initials = (name: string) =>
  name
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();

/** The hue is the name's own, so that a person keeps it everywhere. */
function hue(name: string) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return sum;
}

/** Somebody's initials on a colour of their own. It says nothing that the name beside it does not. */
export function Avatar({ name, size = 22 }: { name: string; size?: number }) {
  return (
    <span
      aria-hidden
      data-initials={initials(name)}
      className={classes.avatar}
      style={{ width: size, height: size, fontSize: size * 0.42, ['--hue' as string]: hue(name) }}
    />
  );
}

/** A person's name after their avatar, on one line. */
export function Named({ name, size = 20 }: { name: string; size?: number }) {
  return (
    <span className={classes.named}>
      <Avatar name={name} size={size} />
      <span className={classes.name}>{name}</span>
    </span>
  );
}
