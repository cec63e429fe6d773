// The server's drawing as a picture: painted by the browser, at twice its size where that fits.

const MOST_SIDE = 16000; // of a canvas; larger ones come out empty
const MOST_AREA = 120e6;

export async function savePng(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const text = await answer.text();
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await picture.decode();
  const { naturalWidth: width, naturalHeight: height } = picture;
  const scale = Math.min(
    2,
    MOST_SIDE / Math.max(width, height),
    Math.sqrt(MOST_AREA / (width * height)),
  );
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = new URL(address).pathname.split("/").slice(-2).join("-").replace(".svg", ".png");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
