/** Who is signed in, and what they may. */
import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { authShowSelfOptions, type Role, type Self } from "@/shared/api";

export const selfOptions = () =>
  queryOptions({ ...authShowSelfOptions(), staleTime: Number.POSITIVE_INFINITY, retry: 1 });

/** Who is signed in. Only on pages inside the shell. */
export function useSelf(): Self {
  return useSuspenseQuery(selfOptions()).data;
}

const ROLES: readonly Role[] = ["viewer", "operator", "manager"];

/** Whether they have at least this role in the workspace with this id; pages hide what may not be done. */
export function may(self: Self, role: Role, workspaceId: string | null | undefined): boolean {
  if (self.admin) return true;
  const held = workspaceId ? self.roles[workspaceId] : undefined;
  return held !== undefined && ROLES.indexOf(held) >= ROLES.indexOf(role);
}

export function useMay(role: Role, workspaceId: string | null | undefined): boolean {
  return may(useSelf(), role, workspaceId);
}
