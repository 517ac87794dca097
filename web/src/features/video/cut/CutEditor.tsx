export function CutEditor(_: Record<string, unknown>) {
  return null;
}
