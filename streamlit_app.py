"""The browser interface from a checkout: `streamlit run streamlit_app.py`, or `make ui`."""

from pathlib import Path

from streamlit.starlette import App

from quire.ui.server import SCRIPT, door_for_streamlit_run

app = App(SCRIPT, middleware=[door_for_streamlit_run(Path(__file__).resolve().parent)])
