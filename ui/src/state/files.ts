/** What a person reads who pasted or dropped files. */
export const NO_FILES = "Files cannot be sent yet; only text and links can. Nothing was sent.";

/** Whether something that is pasted has files in it. Text from an office program comes with a picture of itself. */
export function carriesFiles(data: DataTransfer | null): boolean {
  return hasFiles(data) && !data?.types.includes("text/plain");
}

/** Whether something that is dropped has files in it: whatever comes with them is about them. */
export function hasFiles(data: DataTransfer | null): boolean {
  return data?.types.includes("Files") ?? false;
}
