"""The web app: Streamlit pages around the browser player. Words are in `content/`, numbers come from `gan1d`."""
