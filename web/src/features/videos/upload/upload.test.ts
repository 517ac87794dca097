import { expect, test, vi } from "vitest";
import { ApiProblem } from "@/shared/api";
import { persistently } from "@/shared/uploading/persistently";
import { rangeOf } from "@/shared/uploading/sending";
import { refusalOf } from "./checks";
import { Pace } from "./pace";

const LIMITS = { max_bytes: 1_000_000, types: ["mp4", "mov"] };

test.each([
  ["film.MP4", 5, undefined],
  ["film.exe", 5, ".exe"],
  ["film", 5, "without an ending"],
  [".mp4", 5, "without an ending"],
  ["film.mp4", 0, "empty"],
  ["film.mp4", 2_000_000, "2 MB"],
])("%s with %i bytes is refused before it is read: %s", (name, size, why) => {
  const refusal = refusalOf({ name, size }, LIMITS);

  if (why === undefined) expect(refusal).toBeUndefined();
  else expect(refusal).toContain(why);
});

test("parts lie end to end, and the last one ends with the file", () => {
  const upload = { part_size: 10, size: 25 };

  expect([1, 2, 3].map((number) => rangeOf(number, upload))).toEqual([
    { start: 0, stop: 10 },
    { start: 10, stop: 20 },
    { start: 20, stop: 25 },
  ]);
});

test("the pace is that of the last seconds, and begins anew where a part goes again", () => {
  const pace = new Pace();

  expect(pace.mark(0, 0)).toBe(0);
  expect(pace.mark(1000, 1000)).toBe(1000);
  expect(pace.mark(100_000, 6000)).toBeCloseTo(19_800);
  expect(pace.mark(50_000, 6500)).toBe(0);
});

test("what may pass is done again as soon as there is a network; what is refused is not", async () => {
  const waits: boolean[] = [];
  const options = { signal: new AbortController().signal, onWait: (waiting: boolean) => waits.push(waiting) };
  const work = vi.fn(async () => {
    if (work.mock.calls.length < 3) throw new TypeError("no network");
    return "there";
  });
  const going = persistently(work, options);
  await vi.waitFor(() => expect(waits).toEqual([true]));
  window.dispatchEvent(new Event("online"));
  await vi.waitFor(() => expect(waits).toEqual([true, true]));
  window.dispatchEvent(new Event("online"));

  expect(await going).toBe("there");
  expect(waits).toEqual([true, true, false]);
  const refused = new ApiProblem({ code: "quota_exceeded" }, 409);
  await expect(persistently(() => Promise.reject(refused), options)).rejects.toBe(refused);
});
