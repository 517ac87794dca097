import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import { server } from "@/testing/server";
import { brought } from "./bringing";

const FILE = new File(["abcdef"], "words.srt");
const TO = { kind: "subtitles", workspace: "team", collection: "films", pipeline: "none" } as const;
const UPLOAD = {
  id: "u",
  video_id: "new",
  state: "open",
  error: null,
  size: 6,
  part_size: 4,
  part_count: 2,
  missing: [1, 2],
  received: [],
  parts: [{ number: 1, url: `${window.location.origin}/storage/1`, bytes: 4 }],
};

function options() {
  return { signal: new AbortController().signal, onProgress: vi.fn() };
}

test("a file goes in parts to where the server says, and is the video that its content is", async () => {
  const sent: string[] = [];
  const told: unknown[] = [];
  server.use(
    http.post("*/api/v1/uploads", async ({ request }) => {
      told.push(await request.json());
      return HttpResponse.json(UPLOAD, { status: 201 });
    }),
    http.get("*/api/v1/uploads/u", () => HttpResponse.json(UPLOAD)),
    http.post("*/api/v1/uploads/u/urls", async ({ request }) => {
      told.push(await request.json());
      return HttpResponse.json({
        parts: [{ number: 2, url: `${window.location.origin}/storage/2`, bytes: 2 }],
      });
    }),
    http.put("*/storage/:part", async ({ request, params }) => {
      sent.push(`${params.part}: ${await request.text()}`);
      return new HttpResponse();
    }),
    http.post("*/api/v1/uploads/u/complete", () =>
      HttpResponse.json({ ...UPLOAD, state: "completed", video_id: "there before" }),
    ),
  );
  const { signal, onProgress } = options();

  expect(await brought(FILE, TO, { signal, onProgress })).toBe("there before");
  expect(sent.sort()).toEqual(["1: abcd", "2: ef"]);
  expect(told).toEqual([{ ...TO, filename: "words.srt", size: 6 }, { parts: [2] }]);
  expect(onProgress).toHaveBeenLastCalledWith(6);
});

test("what is refused half-way is given up", async () => {
  const givenUp = vi.fn();
  server.use(
    http.post("*/api/v1/uploads", () => HttpResponse.json(UPLOAD, { status: 201 })),
    http.get("*/api/v1/uploads/u", () => HttpResponse.json({ ...UPLOAD, missing: [1] })),
    http.put("*/storage/1", () => new HttpResponse(null, { status: 400 })),
    http.delete("*/api/v1/uploads/u", () => {
      givenUp();
      return new HttpResponse(null, { status: 204 });
    }),
  );

  await expect(brought(FILE, TO, options())).rejects.toThrow("A part was refused (400).");
  expect(givenUp).toHaveBeenCalledOnce();
});
