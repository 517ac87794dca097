import { File as WholeFile } from "node:buffer";
import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import { server } from "@/testing/server";
import { brought } from "./bringing";

// As browsers have it: jsdom's cannot be sent.
const FILE = new WholeFile(["abcdef"], "words.srt") as unknown as File;
const TO = { kind: "subtitles", workspace: "team", collection: "films", pipeline: "none" } as const;
const UPLOAD = {
  id: "u",
  video_id: "new",
  state: "open",
  error: null,
  part_size: 4,
  part_count: 2,
  parts: [{ number: 1, url: "http://store/1", bytes: 4 }],
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
    http.post("*/api/v1/uploads/u/urls", async ({ request }) => {
      told.push(await request.json());
      return HttpResponse.json({ parts: [{ number: 2, url: "http://store/2", bytes: 2 }] });
    }),
    http.put("http://store/:part", async ({ request, params }) => {
      sent.push(`${params.part}: ${await request.text()}`);
      return new HttpResponse();
    }),
    http.post("*/api/v1/uploads/u/complete", () =>
      HttpResponse.json({ ...UPLOAD, state: "completed", video_id: "there before" }),
    ),
  );
  const { signal, onProgress } = options();

  expect(await brought(FILE, TO, { signal, onProgress })).toBe("there before");
  expect(sent).toEqual(["1: abcd", "2: ef"]);
  expect(told).toEqual([{ ...TO, filename: "words.srt", size: 6 }, { parts: [2] }]);
  expect(onProgress.mock.calls).toEqual([[4], [6]]);
});

test("what is refused half-way is given up", async () => {
  const givenUp = vi.fn();
  server.use(
    http.post("*/api/v1/uploads", () => HttpResponse.json(UPLOAD, { status: 201 })),
    http.put("http://store/1", () => new HttpResponse(null, { status: 403 })),
    http.delete("*/api/v1/uploads/u", () => {
      givenUp();
      return new HttpResponse(null, { status: 204 });
    }),
  );

  await expect(brought(FILE, TO, options())).rejects.toThrow("A part was refused (403).");
  expect(givenUp).toHaveBeenCalledOnce();
});
