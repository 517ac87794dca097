/** Saving what was changed of a workspace, with a way back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { apiQueries, type WorkspaceEdit, type WorkspaceView, workspacesEdit } from "@/shared/api";
import { toast } from "@/shared/ui";

type Wish = { changes: WorkspaceEdit; back?: WorkspaceEdit };

export function useSaving(workspace: WorkspaceView, onSaved?: (saved: WorkspaceView) => void) {
  const queries = useQueryClient();
  const saving = useMutation({
    mutationFn: async ({ changes }: Wish) =>
      (await workspacesEdit({ path: { workspace: workspace.id }, body: changes, throwOnError: true })).data,
    onSuccess: (saved, { back }) => {
      toast.done("Saved.", { undo: back && (() => saving.mutate({ changes: back })) });
      onSaved?.(saved);
      return queries.invalidateQueries(
        apiQueries("workspacesShow", "workspacesList", "adminListRetention", "adminShowStorage"),
      );
    },
  });
  return saving;
}
