/** Changing users: shown at once in every list that holds them, and taken back where the server refuses. */
import { type InfiniteData, useMutation, useQueryClient } from "@tanstack/react-query";
import {
  apiQueries,
  type UserEditWritable,
  type UsersListResponse,
  type UserView,
  usersEdit,
} from "@/shared/api";
import { toast } from "@/shared/ui";

const LISTS = apiQueries("usersList");
type Flags = Pick<UserEditWritable, "admin" | "disabled">;
type Wish = { user: UserView; flags: Flags; says: string; back?: Flags };

export function useUserFlags(): (wish: Wish) => void {
  const queries = useQueryClient();
  const { mutate } = useMutation({
    mutationFn: ({ user, flags }: Wish) =>
      usersEdit({ path: { user: user.id }, body: flags, throwOnError: true }),
    onMutate: async ({ user, flags }) => {
      await queries.cancelQueries(LISTS);
      queries.setQueriesData<InfiniteData<UsersListResponse>>(LISTS, (found) =>
        found === undefined || !("pages" in found)
          ? found
          : {
              ...found,
              pages: found.pages.map((page) => ({
                ...page,
                items: page.items.map((one) => (one.id === user.id ? { ...one, ...flags } : one)),
              })),
            },
      );
    },
    onError: toast.problem,
    onSuccess: (_, { user, says, back }) =>
      toast.done(says, {
        undo: back && (() => mutate({ user, flags: back, says: `${user.name} is as before.` })),
      }),
    onSettled: () => queries.invalidateQueries(LISTS),
  });
  return mutate;
}
