import mantine from 'postcss-preset-mantine';

// light-dark() is left to the browser: the preset's way cannot set variables of the root.
export default { plugins: [mantine({ features: { lightDarkFunction: false } })] };
