import { createTheme, type MantineColorsTuple } from '@mantine/core';

// One accent, one neutral scale. Status colours come from the kit's own
// palette and are used for status alone; red is for danger alone.

const accent: MantineColorsTuple = [
  '#f0f3fe',
  '#e1e7fc',
  '#c3cff8',
  '#a0b2f3',
  '#7f96ec',
  '#5f7ae4',
  '#3f5bd5',
  '#344dba',
  '#2a3f9a',
  '#20317a',
];

const gray: MantineColorsTuple = [
  '#f8f9fb',
  '#f1f3f6',
  '#e6e9ee',
  '#d6dbe2',
  '#bcc3cd',
  '#98a1ae',
  '#5f6a79',
  '#4a5361',
  '#323a46',
  '#1a2029',
];

// Its sixth can be read on white, and white on it.
const red: MantineColorsTuple = [
  '#fdeeef',
  '#fbdcdf',
  '#f6bcc2',
  '#ff9fa5',
  '#ff8087',
  '#e2566a',
  '#c5283d',
  '#b02236',
  '#991d2f',
  '#7f1727',
];

const dark: MantineColorsTuple = [
  '#e4e7eb',
  '#c6cbd3',
  '#9ea7b3',
  '#7d8794',
  '#3a424e',
  '#2a313b',
  '#1f252d',
  '#171b21',
  '#12151a',
  '#0c0f13',
];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: 6,
  colors: { accent, gray, dark, red },
  black: '#1a2029',
  fontFamily:
    '"Inter Variable", Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", "Noto Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.3' },
      h2: { fontSize: '1rem', lineHeight: '1.35' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '14px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  // By name and not by component, so that the theme loads none of them.
  components: {
    Button: { defaultProps: { size: 'xs', fw: 500 } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false, fz: 'xs' } },
    // What opens over the page has a place of its own in it, which readers by ear find.
    Portal: { defaultProps: { target: '#floats' } },
    // A menu holds nothing but what can be chosen; the first of it takes the focus.
    Menu: {
      defaultProps: { shadow: 'md', transitionProps: { duration: 80 }, withInitialFocusPlaceholder: false },
    },
    // The list of choices scrolls itself (theme.css): nothing stands between it and its field.
    Select: { defaultProps: { withScrollArea: false } },
    MultiSelect: { defaultProps: { withScrollArea: false } },
    TagsInput: { defaultProps: { withScrollArea: false } },
    Autocomplete: { defaultProps: { withScrollArea: false } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    // The head of a dialog is none of the page's.
    Modal: {
      defaultProps: {
        transitionProps: { duration: 100 },
        radius: 'lg',
        attributes: { header: { role: 'none' } },
      },
    },
    Drawer: { defaultProps: { attributes: { header: { role: 'none' } } } },
  },
});
