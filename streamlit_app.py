"""The browser interface from a checkout: `streamlit run streamlit_app.py`, or `make ui`."""

from quire.models.engine.openmp import wait_passively

wait_passively()  # before anything loads torch, FAISS or llama.cpp

from quire.ui import pages  # noqa: E402

pages.show()
