/** Shows a page as the app does, with routes, queries and somebody signed in. */
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { type AnyRoute, createMemoryHistory, createRouter, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { queryClientFor, type Self } from "@/shared/api";
import { inside, root } from "@/shared/routing/parents";
import { selfOptions } from "@/shared/session";
import { theme } from "@/shared/ui/theme";

export const ANN: Self = { name: "ann", scope: "admin", admin: true, roles: {}, in_person: true };

/** The page at `path` among a feature's routes; `user` acts on it, `router` and `queries` are its own. */
export function renderAt(path: string, routes: readonly AnyRoute[], { self = ANN }: { self?: Self } = {}) {
  const queries = queryClientFor(() => undefined);
  queries.setDefaultOptions({ queries: { retry: false } });
  queries.setQueryData(selfOptions().queryKey, self);
  const router = createRouter({
    routeTree: root.addChildren([inside.addChildren([...routes])]),
    history: createMemoryHistory({ initialEntries: [path] }),
    context: { queryClient: queries },
  });
  render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={queries}>
        <Notifications />
        {/* The registered type is the whole app's; these routes are a part of it. */}
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { user: userEvent.setup(), router, queries };
}
