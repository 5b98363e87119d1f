"""The web app: reading and scoring, drawing, comparing, downloads; `phosphot5.app.page` alone needs gradio."""
