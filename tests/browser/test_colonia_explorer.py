"""The explorer as a reader meets it, in a real browser."""

import base64

import pytest

from tests.browser.conftest import PATIENCE, SCREENSHOTS
from tests.browser.released_example import HOSTILE, NAMES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CARDS = (".lab-crime", ".lab-perception")
FILLS = """() => [...document.querySelectorAll("path.leaflet-interactive")]
    .map(path => path.getAttribute("fill")).join()"""
SEARCH, COLONIAS, GROUPS = ".lab-control input", ".lab-control select >> nth=0", "select >> nth=1"


def heading_becomes(reader, name):
    reader.page.wait_for_function(
        "name => document.querySelector('.lab-ficha h2')?.textContent === name",
        arg=name,
        timeout=PATIENCE,
    )


def figures(reader):
    return reader.page.locator(".lab-figures dd").all_inner_texts()


def test_every_colonia_is_on_the_map_and_one_is_marked(reader, server):
    reader.open(server.live)

    assert reader.page.locator("path.leaflet-interactive").count() == len(NAMES) + 1


def test_choosing_a_colonia_in_the_list_changes_its_figures_and_its_pictures(reader, server):
    reader.open(server.live)
    reader.page.select_option(COLONIAS, label="Las Peñas")
    heading_becomes(reader, "Las Peñas")
    figures_before, picture_before = figures(reader), reader.page.inner_html(".lab-crime figure")

    reader.page.select_option(COLONIAS, label="Centro")
    heading_becomes(reader, "Centro")

    assert figures(reader) != figures_before
    assert reader.page.inner_html(".lab-crime figure") != picture_before


def test_choosing_a_crime_group_paints_the_map_anew_and_keeps_the_colonia(reader, server):
    reader.open(server.live)
    before = reader.page.evaluate(f"({FILLS})()")
    name = reader.page.inner_text(".lab-ficha h2")

    reader.page.select_option(GROUPS, index=2)
    reader.page.wait_for_function(f"before => ({FILLS})() !== before", arg=before, timeout=PATIENCE)

    assert reader.page.inner_text(".lab-ficha h2") == name


def test_a_click_on_the_map_shows_the_colonia_that_was_clicked(reader, server):
    reader.open(server.live)
    reader.page.wait_for_timeout(1_000)  # the map settles at the zoom that fits

    reader.page.locator("path.leaflet-interactive").nth(8).click()

    heading_becomes(reader, NAMES["C09"])


def test_a_name_typed_without_accents_and_enter_shows_its_colonia(reader, server):
    reader.open(server.live)

    reader.page.fill(SEARCH, "lomas del marques")
    reader.page.press(SEARCH, "Enter")

    heading_becomes(reader, "Lomas del Marqués")


def test_the_list_is_moved_with_the_keyboard_alone(reader, server):
    reader.open(server.live)
    reader.page.select_option(COLONIAS, label="Carretas")
    heading_becomes(reader, "Carretas")

    reader.page.focus(COLONIAS)
    reader.page.keyboard.press("ArrowDown")

    heading_becomes(reader, "Centro")


def test_a_name_that_tries_to_be_a_script_is_only_a_name(reader, server):
    reader.open(server.live)

    reader.page.select_option(COLONIAS, label=HOSTILE)
    heading_becomes(reader, HOSTILE)

    assert reader.page.title() != "hacked"
    assert reader.page.locator("img").count() == 0


def test_zero_missing_and_withheld_read_differently(reader, server):
    reader.open(server.live)
    reader.page.select_option(GROUPS, index=2)

    said = {}
    for key in ("C01", "C07", "C08"):
        reader.page.select_option(COLONIAS, label=NAMES[key])
        heading_becomes(reader, NAMES[key])
        said[key] = figures(reader)[0]

    assert said["C01"].startswith("0")
    assert len(set(said.values())) == 3


def test_crime_and_perception_stand_side_by_side_on_a_desk_and_one_below_on_a_phone(reader, server):
    def tops():
        return [reader.page.locator(card).bounding_box()["y"] for card in CARDS]

    reader.open(server.live)
    on_a_desk = tops()
    reader.page.set_viewport_size({"width": 390, "height": 844})
    on_a_phone = tops()

    assert on_a_desk[0] == on_a_desk[1]
    assert on_a_phone[0] < on_a_phone[1]
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_nothing_leaves_this_machine_and_nothing_fails(reader, server):
    reader.open(server.live)
    reader.page.select_option(COLONIAS, label="Carretas")
    heading_becomes(reader, "Carretas")

    assert reader.elsewhere == []
    assert reader.failures == []
    assert reader.complaints == []


@pytest.mark.parametrize(("device", "width", "height"), [("desk", 1400, 900), ("phone", 390, 844)])
def test_the_page_is_drawn_and_its_picture_is_kept(reader, server, device, width, height):
    SCREENSHOTS.mkdir(exist_ok=True)
    reader.page.set_viewport_size({"width": width, "height": height})
    reader.open(server.live)
    reader.page.select_option(COLONIAS, label="La Cañada")
    heading_becomes(reader, "La Cañada")

    picture = reader.page.screenshot(path=SCREENSHOTS / f"{device}.png", full_page=True)

    assert len(set(_pixels(reader, picture))) > 50


def _pixels(reader, picture):
    """Return the colours of a picture, as its own browser reads them."""
    return reader.page.evaluate(
        """async encoded => {
            const image = new Image();
            image.src = `data:image/png;base64,${encoded}`;
            await image.decode();
            const canvas = new OffscreenCanvas(300, 300);
            const paper = canvas.getContext("2d");
            paper.drawImage(image, 0, 0, 300, 300);
            const bytes = paper.getImageData(0, 0, 300, 300).data;
            return Array.from(new Uint32Array(bytes.buffer));
        }""",
        base64.b64encode(picture).decode(),
    )


def test_the_map_and_every_control_have_a_name(reader, server):
    reader.open(server.live)

    assert reader.page.get_by_label("Colonia", exact=True).count() == 1
    assert reader.page.locator(".leaflet-container[aria-label]").count() == 1
    assert reader.page.locator(".lab-heard[aria-live]").count() == 1
    assert reader.page.locator("html[lang]").count() == 1
    assert reader.page.locator("h1").count() == 1


def test_a_page_whose_kernel_has_ended_says_so_and_offers_to_open_it_again(reader, server):
    reader.page.clock.install()
    reader.open(server.live)
    assert reader.page.locator("#ended").is_hidden()

    reader.page.evaluate(END_THE_KERNEL)
    reader.page.clock.fast_forward("02:00")

    reader.page.locator("#ended a").wait_for(state="visible", timeout=PATIENCE)


END_THE_KERNEL = """async () => {
    const told = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const form = new FormData();
    form.append("_xsrf", document.cookie.match("_xsrf=([^;]*)")[1]);
    await fetch(`/voila/api/shutdown/${told.kernelId}`, {method: "POST", body: form});
}"""
