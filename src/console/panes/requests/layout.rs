//! Where list and detail stand, by the size of the screen alone.

use ratatui::layout::Rect;

/// Lines of the detail below the list, its border not counted.
const DETAIL_BELOW: u16 = 8;

/// From this width on the detail is beside the list.
const WIDE: u16 = 150;

/// The parts of the pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The list with its border.
    pub list: Rect,
    /// The detail with its border; `None` on a small screen, where `Enter` shows it as a page.
    pub detail: Option<Rect>,
}

/// Divides the pane.
pub(crate) fn parts(area: Rect) -> Parts {
    if area.width >= WIDE {
        let list = Rect { width: area.width * 3 / 5, ..area };
        let detail = Rect { x: list.right(), width: area.width - list.width, ..area };
        return Parts { list, detail: Some(detail) };
    }
    if area.height < DETAIL_BELOW + 8 || area.width < 60 {
        return Parts { list: area, detail: None };
    }
    let list = Rect { height: area.height - DETAIL_BELOW - 1, ..area };
    // The detail's upper border is the list's lower one.
    let detail = Rect { y: list.bottom() - 1, height: DETAIL_BELOW + 2, ..area };
    Parts { list, detail: Some(detail) }
}

/// How many rows the list shows: borders and the heading are not rows.
pub(crate) fn rows(area: Rect) -> usize {
    parts(area).list.height.saturating_sub(3).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fits_the_screen_at_every_size() {
        for width in [40, 60, 80, 120, 200, 400] {
            for height in [7, 10, 21, 37, 97] {
                let area = Rect::new(0, 2, width, height);
                let Parts { list, detail } = parts(area);
                assert!(area.union(list) == area && list.height >= 7, "{area:?} {list:?}");
                assert!(detail.is_none_or(|detail| area.union(detail) == area), "{area:?} {detail:?}");
            }
        }
    }

    #[test]
    fn the_reference_size_shows_list_and_detail() {
        assert!(parts(Rect::new(0, 2, 80, 21)).detail.is_some());
        assert_eq!(rows(Rect::new(0, 2, 80, 21)), 9);
    }
}
