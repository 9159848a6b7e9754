/** Hands bytes to the browser, to be saved under the name. */
export function saveBlob(bytes: Blob, name: string) {
  const address = URL.createObjectURL(bytes);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // After the browser has taken hold of it.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export const saveText = (text: string, name: string) =>
  saveBlob(new Blob([text], { type: 'text/plain' }), name);
