import { Menu } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import classes from './rights.module.css';

interface Props<Key extends string> {
  /** What is chosen here, for those who do not see the sentence around it. */
  label: string;
  value: Key;
  choices: readonly (readonly [Key, string])[];
  onChange: (next: Key) => void;
  disabled?: boolean | undefined;
}

/** A word within a sentence that can be exchanged for another. */
export function Word<Key extends string>({ label, value, choices, onChange, disabled }: Props<Key>) {
  const said = choices.find(([key]) => key === value)?.[1] ?? value;
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className={classes.word} disabled={disabled} aria-label={`${label}: ${said}`}>
          {said}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(([key, word]) => (
          <Menu.Item
            key={key}
            rightSection={key === value ? <IconCheck size={14} /> : undefined}
            onClick={() => onChange(key)}
          >
            {word}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
