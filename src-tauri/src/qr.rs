//! Reads a QR code from a picture.

use image::{DynamicImage, GrayImage, ImageReader, Limits, RgbaImage, imageops::FilterType};
use p2p_comm_engine::Code;
use std::io::Cursor;

/// A picture that is handed over as a file.
pub(crate) const MOST_BYTES: usize = 16 * 1024 * 1024;
/// A camera's picture is smaller. What claims to be larger is not decoded: a small file can say so.
const MOST_SIDE: u32 = 12_000;
const MOST_MEMORY: u64 = 512 * 1024 * 1024;
/// Codes are found sooner in a smaller picture, and large ones only then.
const SIDES: [u32; 3] = [1000, 2000, 500];

/// The text of the first readable code in a PNG, JPEG, GIF, BMP or WebP.
pub(crate) fn read(bytes: &[u8]) -> Result<String, Code> {
    if bytes.len() > MOST_BYTES {
        return Err(Code::NotAnImage);
    }
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| Code::NotAnImage)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    find(&reader.decode().map_err(|_| Code::NotAnImage)?)
}

/// The same for a picture that is decoded: rows of red, green, blue and alpha.
pub(crate) fn read_rgba(width: u32, height: u32, rgba: Vec<u8>) -> Result<String, Code> {
    find(&RgbaImage::from_raw(width, height, rgba).ok_or(Code::NotAnImage)?.into())
}

fn find(picture: &DynamicImage) -> Result<String, Code> {
    let grey = on_white(picture);
    let full = grey.width().max(grey.height());
    let smaller = SIDES.into_iter().filter(|side| *side < full).map(|side| {
        let shrunk = |length: u32| (u64::from(length) * u64::from(side) / u64::from(full)).max(1) as u32;
        grey.resize_exact(shrunk(grey.width()), shrunk(grey.height()), FilterType::Triangle)
    });
    smaller.chain([grey.clone()]).find_map(|grey| decode(&grey.into_luma8())).ok_or(Code::NoQr)
}

fn decode(grey: &GrayImage) -> Option<String> {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    // Also light on dark.
    [false, true].into_iter().find_map(|inverted| {
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            let light = grey.get_pixel(x as u32, y as u32).0[0];
            if inverted { 255 - light } else { light }
        });
        prepared.detect_grids().into_iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
    })
}

/// What is transparent is seen on white.
fn on_white(picture: &DynamicImage) -> DynamicImage {
    let pixels = picture.to_luma_alpha8();
    let (width, height) = pixels.dimensions();
    let blended = |light: u8, alpha: u8| ((u32::from(light) * u32::from(alpha)) / 255) as u8 + (255 - alpha);
    let grey = pixels.as_raw().chunks_exact(2).map(|pixel| blended(pixel[0], pixel[1])).collect();
    // As many as there are pixels.
    GrayImage::from_raw(width, height, grey).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba, imageops};
    use qrcodegen::{QrCode, QrCodeEcc};

    const INVITE: &str = "p2p-comm:büşra@192.168.1.20:47800,[2001:db8::7]:47800";

    /// The code in black on this ground, `scale` pixels a module, with the quiet zone of four.
    fn code(scale: u32, ground: Rgba<u8>) -> RgbaImage {
        let code = QrCode::encode_text(INVITE, QrCodeEcc::Medium).unwrap();
        let side = (code.size() as u32 + 8) * scale;
        RgbaImage::from_fn(side, side, |x, y| {
            let module = |pixel: u32| (pixel / scale).cast_signed() - 4;
            if code.get_module(module(x), module(y)) { Rgba([0, 0, 0, 255]) } else { ground }
        })
    }

    fn file(picture: &RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::from(picture.clone());
        let picture = if format == ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture };
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    const WHITE: Rgba<u8> = Rgba([255, 255, 255, 255]);

    #[test]
    fn a_code_is_read_from_every_format() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
            assert_eq!(read(&file(&code(4, WHITE), format)).as_deref(), Ok(INVITE), "{format:?}");
        }
    }

    #[test]
    fn it_may_be_turned_inverted_transparent_small_or_somewhere_in_a_large_picture() {
        let turned = imageops::rotate90(&code(5, WHITE));
        let mut inverted = code(5, WHITE);
        imageops::invert(&mut inverted);
        let transparent = code(5, Rgba([0, 0, 0, 0]));
        let mut screenshot = RgbaImage::from_pixel(3840, 2160, Rgba([70, 90, 120, 255]));
        imageops::replace(&mut screenshot, &code(6, WHITE), 2200, 900);
        for (name, picture) in [
            ("turned", turned),
            ("inverted", inverted),
            ("transparent", transparent),
            ("small", code(2, WHITE)),
            ("in a screenshot", screenshot),
        ] {
            let (width, height) = picture.dimensions();
            assert_eq!(read_rgba(width, height, picture.into_raw()).as_deref(), Ok(INVITE), "{name}");
        }
    }

    #[test]
    fn what_is_no_code_or_no_picture_is_told_apart() {
        let empty = file(&RgbaImage::from_pixel(300, 200, WHITE), ImageFormat::Png);
        assert_eq!(read(&empty), Err(Code::NoQr));
        let whole = file(&code(4, WHITE), ImageFormat::Png);
        for (name, bytes) in
            [("nothing", &b""[..]), ("text", b"p2p-comm:bob@example.org:1"), ("half", &whole[..whole.len() / 2])]
        {
            assert_eq!(read(bytes), Err(Code::NotAnImage), "{name}");
        }
        assert_eq!(read_rgba(4, 4, vec![0; 7]), Err(Code::NotAnImage));
        assert_eq!(read_rgba(0, 0, Vec::new()), Err(Code::NoQr));
    }

    #[test]
    fn a_small_file_that_claims_to_be_huge_is_not_decoded() {
        let mut bytes = file(&code(4, WHITE), ImageFormat::Bmp);
        // Width and height in the header of a bitmap.
        bytes[18..26].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(read(&bytes), Err(Code::NotAnImage));
        assert_eq!(read(&vec![0; MOST_BYTES + 1]), Err(Code::NotAnImage));
    }
}
