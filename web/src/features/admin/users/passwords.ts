/** A password for somebody else: five groups that can be read out on the telephone, of 100 random bits. */
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS = 5;
const LENGTH = 4;

export function newPassword(): string {
  const random = crypto.getRandomValues(new Uint8Array(GROUPS * LENGTH));
  // 32 letters divide 256, so none comes more often than another.
  const letters = Array.from(random, (one) => LETTERS[one % LETTERS.length]);
  return Array.from({ length: GROUPS }, (_, group) =>
    letters.slice(group * LENGTH, (group + 1) * LENGTH).join(""),
  ).join("-");
}
