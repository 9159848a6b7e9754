import { useLingui } from '@lingui/react/macro';
import { Group, UnstyledButton } from '@mantine/core';
import { isLanguage, type Language, languages, speak } from '../../text';

/** The languages, each by its own name. */
export function LanguageChoice({ onChoose }: { onChoose?: (language: Language) => void }) {
  const { t, i18n } = useLingui();
  return (
    <Group gap={14} mt={22} justify="center" role="group" aria-label={t`Language`}>
      {Object.entries(languages).map(([key, name]) => (
        <UnstyledButton
          key={key}
          lang={key}
          fz="xs"
          c={key === i18n.locale ? undefined : 'dimmed'}
          fw={key === i18n.locale ? 600 : undefined}
          aria-pressed={key === i18n.locale}
          onClick={() => {
            if (!isLanguage(key)) return;
            void speak(key);
            onChoose?.(key);
          }}
        >
          {name}
        </UnstyledButton>
      ))}
    </Group>
  );
}
