/** Letting people in, with another role, and out: shown at once, and each can be taken back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import {
  apiQueries,
  type MembersListResponse,
  type MemberView,
  membersPut,
  membersRemove,
  type Role,
} from "@/shared/api";
import { toast } from "@/shared/ui";

export const ROLES = ["viewer", "operator", "manager"] as const satisfies readonly Role[];
export const ROLE_NAMES: Record<Role, string> = {
  viewer: "Viewer",
  operator: "Operator",
  manager: "Manager",
};
const LISTS = apiQueries("membersList");

/** `before`: the role until now; null: they were no member. */
export type Admission = { name: string; role: Role; before: Role | null };

export function isRole(value: string): value is Role {
  return ROLES.some((role) => role === value);
}

export function useMembership(workspace: string) {
  const queries = useQueryClient();
  const change = (edit: (items: MemberView[]) => MemberView[]) => async () => {
    await queries.cancelQueries(LISTS);
    queries.setQueriesData<MembersListResponse>(
      LISTS,
      (found) => found && { ...found, items: edit(found.items) },
    );
  };
  const onSettled = () => queries.invalidateQueries(LISTS);

  const putting = useMutation({
    mutationFn: ({ name, role }: Admission) =>
      membersPut({ path: { workspace, user: name }, body: { role }, throwOnError: true }),
    onMutate: ({ name, role }) =>
      change((items) => items.map((one) => (one.name === name ? { ...one, role } : one)))(),
    onError: toast.problem,
    onSuccess: (_, { name, role, before }) =>
      toast.done(`${name} is ${role === "operator" ? "an" : "a"} ${role} now.`, {
        undo: () =>
          before === null
            ? removing.mutate({ name, role })
            : putting.mutate({ name, role: before, before: role }),
      }),
    onSettled,
  });
  const removing = useMutation({
    mutationFn: ({ name }: Pick<MemberView, "name" | "role">) =>
      membersRemove({ path: { workspace, user: name }, throwOnError: true }),
    onMutate: ({ name }) => change((items) => items.filter((one) => one.name !== name))(),
    onError: toast.problem,
    onSuccess: (_, { name, role }) =>
      toast.done(`${name} is out.`, { undo: () => putting.mutate({ name, role, before: null }) }),
    onSettled,
  });
  return { put: putting.mutate, remove: removing.mutate };
}
