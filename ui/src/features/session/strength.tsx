import { useLingui } from '@lingui/react/macro';
import { Progress, Text } from '@mantine/core';

/** How hard a password is to guess, roughly and in percent: the server is the judge. */
export function strength(password: string): number {
  const letters = new Set([...password]).size;
  return Math.round(Math.min(password.length / 16, 1) * 70 + Math.min(letters / 10, 1) * 30);
}

/** A hint below a new password. */
export function Strength({ password }: { password: string }) {
  const { t } = useLingui();
  const strong = strength(password);
  return (
    <>
      <Progress
        value={strong}
        size={4}
        mt={6}
        color={password.length < 12 ? 'gray' : strong < 75 ? 'yellow' : 'teal'}
        aria-label={t`How strong the password is`}
      />
      <Text size="xs" c="dimmed" mt={2} mih={18} aria-live="polite">
        {password.length === 0
          ? ''
          : password.length < 12
            ? t`${12 - password.length} more characters`
            : strong < 75
              ? t`Good. Longer is better.`
              : t`Strong.`}
      </Text>
    </>
  );
}
