"""How a picture is painted: letters, places, panels. `gan1d.render.painter` puts them together."""
