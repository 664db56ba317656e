"""Maps over two settings: how every cell of a sweep ended, as plain numbers, and the Plotly figure of them."""
