/** Framemill's look: a mill's green, warm greys, the system's own letters. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const mill: MantineColorsTuple = [
  "#e8f6f3",
  "#d0ebe5",
  "#a3d8cc",
  "#72c4b3",
  "#4bb19d",
  "#30a18c",
  "#1d8f7c",
  "#17756b",
  "#115c54",
  "#0a443e",
];
const gray: MantineColorsTuple = [
  "#f6f7f5",
  "#eef0ed",
  "#e2e5e1",
  "#d0d5d0",
  "#b4bbb5",
  "#8e978f",
  "#6a736c",
  "#4e5750",
  "#363d38",
  "#222724",
];
const dark: MantineColorsTuple = [
  "#d5dad8",
  "#b3bbb8",
  "#97a19e",
  "#6a7673",
  "#445050",
  "#333e3e",
  "#253030",
  "#1b2324",
  "#14181a",
  "#0e1213",
];

export const theme = createTheme({
  primaryColor: "mill",
  primaryShade: 7,
  colors: { mill, gray, dark },
  autoContrast: true,
  luminanceThreshold: 0.2,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Code", Menlo, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: "640" },
  components: {
    Badge: { defaultProps: { tt: "none" } },
    // Their crosses have no words of their own.
    Modal: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
  },
});

/** Greys that keep WCAG's 4.5:1 on both grounds; Mantine's own dimmed does not. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f6f7f5",
    "--mantine-color-dimmed": "#5a635c",
    "--mantine-color-error": "#c92a2a",
    "--framemill-surface": "#ffffff",
  },
  dark: {
    "--mantine-color-body": "#14181a",
    "--mantine-color-dimmed": "#a3adaa",
    "--mantine-color-error": "#ff8787",
    "--framemill-surface": "#1b2324",
  },
});
