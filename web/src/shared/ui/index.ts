/** The parts that every page is made of. */
export { EmptyState } from "./EmptyState";
export { PageHeader } from "./PageHeader";
export { ProblemNote } from "./ProblemNote";
export { CardsSkeleton, RowsSkeleton } from "./Skeletons";
export { toast } from "./toast";
