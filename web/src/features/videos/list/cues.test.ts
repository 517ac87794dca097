import { expect, test } from "vitest";
import { cuesOf } from "./cues";

test("a storyboard's index becomes rectangles; what is none of it is left out", () => {
  const text = `WEBVTT

00:00:00.000 --> 00:00:05.000
sheet-001.jpg#xywh=0,0,160,90

NOTE what follows has no place
00:05.000 --> 00:10.000
javascript:alert(1)

01:00:05.500 --> 01:00:10.000
sheet-002.jpg#xywh=160,90,160,90
`;

  expect(cuesOf(text)).toEqual([
    { startMs: 0, sheet: "sheet-001.jpg", x: 0, y: 0, width: 160, height: 90 },
    { startMs: 3_605_500, sheet: "sheet-002.jpg", x: 160, y: 90, width: 160, height: 90 },
  ]);
});
