from pylae.demo.catalogue import ITEMS, compact, entity_tag, indented


def test_catalog_spells_the_items_in_502_bytes_and_webapp_in_357() -> None:
    assert (len(indented(ITEMS)), len(compact(ITEMS))) == (502, 357)


def test_the_entity_tag_is_the_one_that_the_walkthrough_shows() -> None:
    assert entity_tag(indented(ITEMS)) == 'W/"1f6-ih2h+hDQ0yLLcKIlBvwkWbyQGK4"'
