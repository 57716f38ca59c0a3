"""Pictures as people have them: any file that Pillow reads becomes 8-bit sRGB, upright, opaque."""

import io
import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from hwlib import png_files

WAY_OUT = "Save it as PNG or JPEG and try again."
LARGEST = 10**9  # bytes: twice what the most pixels take that Pillow reads
CICP_OF_SRGB = bytes([1, 13, 0, 1])
DAMAGED_EXIF = "Its EXIF data are damaged and were passed over."
WEB_PAGE = (b"<!doctype html", b"<html")
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1")
HEIC = (
    "it is a HEIC photo, which needs the package pillow-heif (pip install 'hwlib[heic]'). On a "
    "phone, share it as JPEG, or set the camera's format to the most compatible one."
)


def read_picture(source):
    """Read a picture file of any kind as an sRGB image.

    A photo taken sideways is turned upright. Colors of another profile (Display P3, Adobe RGB,
    CMYK) become sRGB. What is transparent is laid on white. 16 bits a channel become 8.

    Parameters
    ----------
    source : str, pathlib.Path, bytes or PIL.Image.Image
        A file's path or its content, or an image that is open already.

    Returns
    -------
    image : PIL.Image.Image
        Mode RGB.
    notes : list of str
        A sentence for each thing that was passed over or changed beyond a plain conversion.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not a picture that can be read; the message says what it is, and a way out.

    Examples
    --------
    >>> image, notes = read_picture(Image.new("LA", (2, 1), (0, 0)))
    >>> image.getpixel((0, 0)), notes
    ((255, 255, 255), [])
    """
    notes = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")  # of damaged metadata and of very large pictures
        if isinstance(source, Image.Image):
            image, depth = source, None
        else:
            content = source if isinstance(source, bytes) else _content(Path(source))
            image, depth = _open(content), _bit_depth(content)
            if dict(png_files.chunks(content)).get(b"cICP", CICP_OF_SRGB) != CICP_OF_SRGB:
                notes.append("Its colors are described by a cICP chunk, which was passed over.")
        if getattr(image, "n_frames", 1) > 1:
            notes.append(f"Only the first of its {image.n_frames} frames is used.")
        colors, transparent = _to_8_bits(_upright(image, notes), depth)
        result = _opaque(_to_srgb(colors, transparent, image.info, notes))
    if any("EXIF" in str(warning.message) for warning in caught) and DAMAGED_EXIF not in notes:
        notes.append(DAMAGED_EXIF)
    result.info.clear()  # what it said is done
    return result, notes


def _content(path):
    if path.is_char_device() or path.stat().st_size > LARGEST:
        raise ValueError("it is a device, or has more than 1 GB; expected a picture file.")
    return path.read_bytes()


def _open(content):
    """Return the image in a file's content, its pixels loaded, or say what the file is instead."""
    if trouble := _is_no_picture(content):
        raise ValueError(trouble)
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        try:
            from pillow_heif import register_heif_opener
        except ImportError:
            raise ValueError(HEIC) from None
        register_heif_opener()
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except Image.DecompressionBombError:
        raise ValueError("it has more pixels than can be read safely. Reduce it first.") from None
    except Image.UnidentifiedImageError:
        raise ValueError(f"it is not a picture that can be read here. {WAY_OUT}") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"it is damaged or cut off ({why}).") from None
    if trouble := png_files.trouble(content):
        raise ValueError(f"it is damaged or cut off ({trouble}).")
    return image


def _is_no_picture(content):
    """Return what a file is that people take for a picture, or None."""
    head = content[: 1 << 16].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not content:
        return "it is empty."
    if head.startswith(b"%pdf"):
        return f"it is a PDF document. Take a screenshot of the page, or export it. {WAY_OUT}"
    if head.startswith(b"%!ps"):
        return f"it is a PostScript drawing, which has no pixels yet. Export it. {WAY_OUT}"
    if head.startswith(b"<") and b"<svg" in head and not head.startswith(WEB_PAGE):
        return f"it is an SVG drawing, which has no pixels yet. Export it. {WAY_OUT}"
    if head.startswith(WEB_PAGE):
        return "it is a web page, not the picture on it. Save the picture itself."
    return None


def _bit_depth(content):
    """Return how many bits a channel of a PNG file has, or None for other files."""
    return content[24] if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) > 24 else None


def _upright(image, notes):
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # what Pillow raises for damaged EXIF data is of many kinds
        notes.append(DAMAGED_EXIF)
        upright = image.copy()
        upright.info.pop("exif", None)
        return upright


def _to_8_bits(image, depth):
    """Return an image with 8 bits a channel, and where it is transparent by one of its colors."""
    if image.mode in ("La", "RGBa"):  # colors that are multiplied by their opacity
        image = image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode])
    transparent, key = None, image.info.get("transparency")
    if image.mode == "F" or image.mode.startswith("I"):
        levels = np.asarray(image)
        if key is not None:
            transparent = levels == key
        return Image.fromarray(_levels_of(levels, image, depth)), transparent
    if depth == 16 and isinstance(key, tuple):  # Pillow keeps the upper 8 bits of each channel
        key = tuple(value >> 8 for value in key)
        transparent = (np.asarray(image.convert("RGB")) == key).all(axis=2)
    elif depth in (2, 4) and image.mode == "L" and isinstance(key, int):
        # Pillow spreads the levels over 0 ... 255, and leaves the transparent one as it is
        transparent = np.asarray(image) == key * 255 // (2**depth - 1)
        image = Image.fromarray(np.asarray(image))
    elif image.has_transparency_data and not _has_alpha(image):
        image = image.convert("RGBA")
    return image, transparent


def _has_alpha(image):
    return "A" in image.getbands() and image.mode != "LAB"  # where A is a color


def _levels_of(values, image, depth):
    """Return numbers of any kind as levels 0 ... 255."""
    low, high = values.min(), values.max()
    if not np.isfinite([low, high]).all():
        raise ValueError("some of its pixels are not finite numbers.")
    bits = image.tag_v2.get(258, (0,))[0] if hasattr(image, "tag_v2") else depth
    if image.mode == "F":
        scales = {1: 255, 255: 1}
    elif bits == 16 or image.mode.startswith("I;16") or depth == 16:
        scales = {65535: 1 / 256}
    else:
        scales = {255: 1, 65535: 1 / 256}
    for largest, scale in scales.items():
        if low >= 0 and high <= largest:
            return (
                np.floor(values * scale + (0.5 if scale >= 1 else 0)).clip(0, 255).astype(np.uint8)
            )
    accepted = " or ".join(f"0 to {largest}" for largest in scales)
    raise ValueError(f"its values run from {low:g} to {high:g}; expected {accepted}. {WAY_OUT}")


def _to_srgb(image, transparent, info, notes):
    """Return an image in sRGB, mode RGB or RGBA."""
    if image.mode == "P":
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode == "1":
        image = image.convert("L")
    alpha = image.getchannel("A") if _has_alpha(image) else None
    if transparent is not None:
        alpha = Image.fromarray(np.where(transparent, 0, 255).astype(np.uint8))
    colors = image
    if alpha is not None and _has_alpha(image):
        colors = image.convert("L" if image.mode in ("LA", "La") else "RGB")
    result = None
    try:
        profile = info.get("icc_profile") or png_files.profile(info, colors.mode == "L")
        if profile or colors.mode == "LAB":
            result = _convert(colors, profile)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append("Its color profile is damaged or does not fit, and was passed over.")
    if result is None:
        result = colors.convert("RGB")
    if alpha is not None:
        result.putalpha(alpha)
    return result


def _convert(image, profile):
    """Return the image's colors in sRGB; None if they are already."""
    srgb = ImageCms.createProfile("sRGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in (ImageCms.getProfileDescription(source) or "").lower():
            return None
    else:
        source = ImageCms.createProfile("LAB")
    return ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")


def _opaque(image):
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")
