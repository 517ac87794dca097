import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderAt } from "@/testing/render";
import { videosRoutes } from "./routes";

test("the page is found at its address, among the routes of the app", async () => {
  const { router } = renderAt("/videos?workspace=main", videosRoutes);

  expect(await screen.findByRole("heading", { name: "Videos", level: 1 })).toBeDefined();
  expect(router.state.location.search).toEqual({ workspace: "main" });
});
