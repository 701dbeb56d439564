"""The browser interface: chat, documents and settings, drawn by Streamlit."""
