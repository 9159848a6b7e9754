import { Popover } from '@mantine/core';
import classes from './popup.module.css';
import type { PopupProps } from './popup-props';

/** What a popup shows; it stands at an unseen mark that lies under the target. */
export default function PopupBody({
  opened,
  onChange,
  width,
  position = 'bottom-start',
  trapFocus = false,
  padding = 'sm',
  label,
  children,
}: Omit<PopupProps, 'target'>) {
  return (
    <Popover
      opened={opened}
      onChange={onChange}
      width={width}
      position={position}
      trapFocus={trapFocus}
      withRoles={false}
      withinPortal
    >
      <Popover.Target>
        <span aria-hidden className={classes.mark} />
      </Popover.Target>
      <Popover.Dropdown
        {...(label ? { role: 'dialog', 'aria-label': label } : {})}
        p={padding}
        onClick={(event) => event.stopPropagation()}
      >
        {children}
      </Popover.Dropdown>
    </Popover>
  );
}
