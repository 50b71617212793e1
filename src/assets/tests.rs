use std::fs;

use super::*;

/// The smallest PNG there is, with a last byte to tell several apart.
fn png(last: u8) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.push(last);
    bytes
}

#[test]
fn the_content_decides_what_a_picture_is() {
    for (bytes, kind) in [
        (&b"\x89PNG\r\n\x1a\nx"[..], Kind::Png),
        (b"\xFF\xD8\xFF\xE0x", Kind::Jpeg),
        (b"GIF89ax", Kind::Gif),
        (b"RIFF\0\0\0\0WEBPx", Kind::Webp),
    ] {
        let picture = Picture::new(bytes.to_vec()).unwrap();
        assert_eq!(picture.name().kind(), kind);
        assert_eq!(AssetName::from_reference(&picture.name().reference()), Some(picture.name().clone()));
    }
    let mut emf = vec![0; 44];
    emf[40..].copy_from_slice(b" EMF");
    for (bytes, error) in [
        (vec![], PictureError::Empty),
        (emf, PictureError::Metafile { kind: "EMF" }),
        (b"\xD7\xCD\xC6\x9A".to_vec(), PictureError::Metafile { kind: "WMF" }),
        (b"<?xml version='1.0'?>\n<SVG onload='x'/>".to_vec(), PictureError::Svg),
        (b"MZ\x90".to_vec(), PictureError::Unknown),
        (vec![0; MAX_PICTURE_BYTES as usize + 1], PictureError::TooLarge),
    ] {
        assert_eq!(Picture::new(bytes), Err(error));
    }
}

#[test]
fn no_name_leaves_the_folder() {
    let hash = "a".repeat(64);
    assert!(format!("{hash}.png").parse::<AssetName>().is_ok());
    for text in [
        String::new(),
        hash.clone(),
        format!("{hash}.svg"),
        format!("{hash}.png.exe"),
        format!("{}.png", "A".repeat(64)),
        format!("../{hash}.png"),
        format!("{hash}/.png"),
        format!("{hash}.png\0"),
        "../../etc/passwd".into(),
    ] {
        assert!(text.parse::<AssetName>().is_err(), "{text}");
    }
    for src in [format!("assets/../{hash}.png"), format!("/assets/{hash}.png"), format!("assets{hash}.png")] {
        assert_eq!(AssetName::from_reference(&src), None, "{src}");
    }
}

#[test]
fn equal_pictures_are_one_file_and_come_back_as_they_were() {
    let data = tempfile::tempdir().unwrap();
    let assets = Assets::in_data(data.path());
    let (one, other) = (Picture::new(png(1)).unwrap(), Picture::new(png(2)).unwrap());
    assert_eq!(assets.read(one.name()).unwrap(), None);
    assets.keep([&one, &other, &one]).unwrap();
    assets.keep([&one]).unwrap();
    assert_eq!(fs::read_dir(data.path().join(FOLDER)).unwrap().count(), 2);
    assert_eq!(assets.read(one.name()).unwrap().unwrap(), png(1));
    assert!(assets.holds(other.name()));
}

#[test]
fn a_data_directory_that_was_deleted_does_not_come_back() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    fs::create_dir(&data).unwrap();
    let assets = Assets::in_data(&data);
    let picture = Picture::new(png(1)).unwrap();
    fs::remove_dir(&data).unwrap();
    assert!(assets.keep([&picture]).is_err());
    assert!(!data.exists());
    fs::create_dir(&data).unwrap();
    assets.keep([&picture]).unwrap();
    assert!(assets.holds(picture.name()));
}

#[test]
fn a_write_that_was_cut_off_leaves_no_picture_under_a_name() {
    let data = tempfile::tempdir().unwrap();
    let assets = Assets::in_data(data.path());
    let picture = Picture::new(png(1)).unwrap();
    // What a killed process leaves behind.
    fs::create_dir(data.path().join(FOLDER)).unwrap();
    fs::write(data.path().join(FOLDER).join(".new-abc"), &png(1)[..4]).unwrap();
    assert!(!assets.holds(picture.name()));
    assets.keep([&picture]).unwrap();
    assert_eq!(assets.read(picture.name()).unwrap().unwrap(), png(1));
}

#[test]
fn references_get_the_address_under_which_they_are_served() {
    let name = Picture::new(png(1)).unwrap().name().clone();
    let reference = name.reference();
    let given =
        format!("![a]({reference}) <img src=\"{reference}\"> x/{reference} ![](assets/b.png) assets ![](x)");
    let expected = format!(
        "![a](/v1/{reference}) <img src=\"/v1/{reference}\"> x/{reference} ![](assets/b.png) assets ![](x)"
    );
    assert_eq!(readdressed(&given, |name| format!("/v1/{}", name.reference())), expected);
}
