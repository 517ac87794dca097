import { expect, test } from "vitest";
import { fromHere } from "./addresses";

test.each([
  ["https://mill.example/media/token/film.mp4", `${window.location.origin}/media/token/film.mp4`],
  ["https://mill.example/storage/parts/a/1?sig=x", `${window.location.origin}/storage/parts/a/1?sig=x`],
  // A bucket may be called so too.
  [
    "https://s3.example/media/film.mp4?X-Amz-Signature=x",
    "https://s3.example/media/film.mp4?X-Amz-Signature=x",
  ],
  [
    "https://s3.example/films/film.mp4?X-Amz-Signature=x",
    "https://s3.example/films/film.mp4?X-Amz-Signature=x",
  ],
])("%s is read at %s", (url, there) => {
  expect(fromHere(url)).toBe(there);
});
