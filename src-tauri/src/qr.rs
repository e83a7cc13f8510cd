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
        image::imageops::resize(&grey, shrunk(grey.width()), shrunk(grey.height()), FilterType::Triangle)
    });
    smaller.chain([grey.clone()]).find_map(|grey| decode(&grey)).ok_or(Code::NoQr)
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
fn on_white(picture: &DynamicImage) -> GrayImage {
    let pixels = picture.to_luma_alpha8();
    GrayImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [light, alpha] = pixels.get_pixel(x, y).0.map(u32::from);
        image::Luma([((light * alpha + 255 * (255 - alpha)) / 255) as u8])
    })
}
