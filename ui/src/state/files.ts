/** Whether something that is pasted or dropped has files in it. Text from an office program comes with a picture of itself. */
export function carriesFiles(data: DataTransfer | null): boolean {
  const types = data ? [...data.types] : [];
  return types.includes("Files") && !types.includes("text/plain");
}
