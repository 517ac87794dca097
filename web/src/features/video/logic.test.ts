import { expect, test, vi } from "vitest";
import { scoresOf } from "./compare/scores";
import { asked, begun, withIn, withOut } from "./cut/ranges";
import { FreshAddress, withTokenOf } from "./player/address";
import { thumbAt, thumbsOf } from "./player/storyboard";

const FILM = { durationS: 30, rate: 24 };
const HERE = `${window.location.origin}/media`;

test("a range begins with the picture that is shown, and never behind its end", () => {
  const range = { id: 1, from: 2, to: 4 };

  expect(withIn(range, 3.05, FILM)).toEqual({ id: 1, from: 73 / 24, to: 4 });
  expect(withIn(range, 10, FILM)).toEqual({ id: 1, from: 10, to: 12 });
  expect(withIn(range, 29.99, FILM)).toEqual({ id: 1, from: 719 / 24, to: 30 });
  expect(withOut(range, 1, FILM)).toEqual({ id: 1, from: 0, to: 1 });
  expect(withOut(range, 99, FILM).to).toBe(30);
});

test("a new range at the film's end still holds a picture", () => {
  const range = begun([{ id: 7, from: 0, to: 1 }], 30, FILM);

  expect(range).toEqual({ id: 8, from: 719 / 24, to: 30 });
  expect(asked([range])).toEqual(["29.958333s-30s"]);
});

test("only the token of an address changes, and only of this server's", () => {
  const newest = `${HERE}/new/hls/master.m3u8`;

  expect(withTokenOf(`${HERE}/old/hls/480p/seg_00001.m4s`, newest)).toBe(
    `${HERE}/new/hls/480p/seg_00001.m4s`,
  );
  expect(withTokenOf("https://s3.example.org/media/old/x.m4s", newest)).toBe(
    "https://s3.example.org/media/old/x.m4s",
  );
});

test("a token is renewed well before it expires, and the same stream is asked for", async () => {
  vi.useFakeTimers();
  const asks: string[] = [];
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    asks.push(url);
    const said = {
      url: `${HERE}/new/hls/master.m3u8`,
      form: "hls",
      expires_at: "2026-11-02T13:00:10Z",
      artifact_id: "s1",
    };
    return Response.json(said, { headers: { date: "Mon, 02 Nov 2026 13:00:00 GMT" } });
  });
  const address = {
    url: `${HERE}/old/hls/master.m3u8`,
    form: "hls",
    artifactId: "s1",
    lifetimeMs: 10_000,
  } as const;
  const fresh = new FreshAddress(address, { videoId: "v1" });

  await vi.advanceTimersByTimeAsync(5900);
  expect(asks).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(200);

  expect(asks).toEqual([expect.stringContaining("artifact=s1")]);
  expect(fresh.current(`${HERE}/old/hls/a.m4s`)).toContain("/media/new/hls/a.m4s");
  await vi.advanceTimersByTimeAsync(6100);
  expect(asks).toHaveLength(2);
  fresh.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asks).toHaveLength(2);
  vi.useRealTimers();
});

test("an index of sheets says which picture belongs to a moment", () => {
  const thumbs = thumbsOf(
    "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nsprite_001.jpg#xywh=0,0,160,90\n\n" +
      "00:00:01.000 --> 01:00:02.500\nsprite_001.jpg#xywh=160,0,160,90\n\nNOTE nothing\n",
  );

  expect(thumbs).toHaveLength(2);
  expect(thumbAt(thumbs, 1)).toMatchObject({ x: 160, to: 3602.5 });
  expect(thumbAt(thumbs, 9999)).toMatchObject({ x: 160 });
});

test("scores are read by the names of their columns", () => {
  const csv = "time,frame,reference_time,vmaf\n0.000000,0,0.000000,97.1\n0.041667,1,0.041667,\n";

  expect(scoresOf(csv)).toEqual([{ seconds: 0, vmaf: 97.1 }]);
  expect(scoresOf("time,psnr\n0,40\n")).toEqual([]);
});
