/** Sums in the installation's currency, in the viewer's own way of writing them. */

/** `€12.40`; small sums keep the digits that tell them from nothing. */
export function money(sum: number, currency: string): string {
  const digits = sum !== 0 && Math.abs(sum) < 1 ? 4 : 2;
  const locale = typeof navigator === "undefined" ? "en" : navigator.language;
  try {
    return new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      maximumFractionDigits: digits,
    }).format(sum);
  } catch {
    // The setting may hold any word.
    return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(sum)} ${currency}`.trim();
  }
}
