"""What the table of the explorer beside other tools claims of it: each claim has a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
HOSTS, MAP, GALLERY = "test_widgets_hosts", "test_widgets_map", "test_widgets_gallery"
CLAIMS = {
    "starts as": ("test_widgets_file", "test_the_file_is_the_explorer"),
    "opens without a network": ("test_exports", "test_an_export_shows_all_with_the_network_off"),
    "draws without WebGPU and WebGL": (
        "test_widgets_file",
        "test_without_webgl_a_plain_canvas_draws",
    ),
    "film plays, a click goes to the moment": (
        GALLERY,
        "test_a_click_goes_there_and_hovering_plays",
    ),
    "frame of the film under the pointer, no pictures prepared": (
        "test_widgets_browser",
        "test_hover_shows_time_and_frame",
    ),
    "timeline and self-similarity heatmap, brushed": (
        "test_widgets_browser",
        "test_box_range_and_brush_select",
    ),
    "selection as pictures": (HOSTS, "test_a_selection_is_a_gallery"),
    "nearest as pictures": (GALLERY, "test_neighbours_come_with_scores_best_first"),
    "names of groups on the map": (HOSTS, "test_clusters_have_names_and_frames_on_the_map"),
    "density where points overlap": (
        MAP,
        "test_many_points_stand_on_a_shade_that_is_deepest_where_they_are_most",
    ),
    "points become pictures when zoomed in": (
        MAP,
        "test_points_become_frames_of_their_time_once_zoomed_in",
    ),
    "two models or options side by side, linked": (
        "test_widgets_beside",
        "test_a_lasso_marks_what_runs_at_the_same_time",
    ),
    "sortable table, linked": (HOSTS, "test_the_table_sorts_and_filters"),
    "histogram and counts per column as filter": (HOSTS, "test_the_table_sorts_and_filters"),
    "legend of hundreds of groups: find, hide, only this": (
        "test_widgets_legend",
        "test_alone_on_every_view_and_back",
    ),
    "search by label, time, video": (HOSTS, "test_what_is_looked_for_is_found_or_said"),
    "search by words through a model": (
        "test_widgets_words_lab",
        "test_words_are_found_in_a_notebook",
    ),
    "undo, redo": ("test_widgets_names", "test_naming_and_undoing_in_a_file"),
    "named selections back as a column": (
        HOSTS,
        "test_names_can_be_undone_and_results_be_taken_out",
    ),
    "selection out without a kernel: CSV, JSON, code": (
        HOSTS,
        "test_names_can_be_undone_and_results_be_taken_out",
    ),
    "picture of a view from the page": (
        HOSTS,
        "test_names_can_be_undone_and_results_be_taken_out",
    ),
    "free arrangement of panels": (HOSTS, "test_panels_take_the_room_and_say_what_they_show"),
    "keyboard alone, axe-core": (HOSTS, "test_nobody_is_kept_out"),
}
"""The test that fails where a claim no longer holds."""


def read_claims() -> list[str]:
    """What one does, of the table's rows."""
    page = (TESTS.parent / "docs" / "about" / "peers.md").read_text(encoding="utf-8")
    return re.findall(r"^\| ([^|]+?) \|", page, re.MULTILINE)[1:]


def test_each_claim_has_a_test() -> None:
    assert read_claims() == list(CLAIMS)
    for file, name in set(CLAIMS.values()):
        tree = ast.parse((TESTS / f"{file}.py").read_text(encoding="utf-8"))
        assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}, name
